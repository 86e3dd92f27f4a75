"""Thin views, a module per page; urls.py names them."""

"""Forms of the animator's admin. « Saisi pour » : name and phone suffice."""

"""The only way a view obtains an object; a stranger gets 404."""

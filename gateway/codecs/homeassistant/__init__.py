"""Home Assistant discovery: what devices announce of themselves, as a way to adopt them."""

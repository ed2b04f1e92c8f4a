"""What the practices are worth on this machine: `make bench`. Not part of the image."""

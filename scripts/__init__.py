"""Scripts that build the pack, take pictures and measure speed."""

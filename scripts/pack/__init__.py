"""Build the pack of open data in ``layers/`` from pinned packages of public registries."""

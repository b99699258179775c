"""The Neovim side, in the real Neovim."""

"""Makes the bundled sample: an invented district of a Pearl River city, in real file formats."""

"""How the sample data are made: pure geometry and text, no database. `sample_data.generate` calls `build_all` here."""

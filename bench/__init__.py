"""The numbers of the design, measured side by side with others in one run. Stands above all rooms; nothing imports it."""

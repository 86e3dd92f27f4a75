"""Tables, constraints with a French sentence, facts about one row."""

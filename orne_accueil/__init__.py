"""orne_accueil: the network that welcomes teleworkers in the Orne."""

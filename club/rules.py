"""Pure decisions: values and instants in, a verdict or a DomainError out."""

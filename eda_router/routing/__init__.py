"""Routing: the flow, the ledger, the maze router with its negotiation, the neural router."""

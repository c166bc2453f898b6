"""What a client must do, rule by rule: each file one group of the AGG rules, as functions of calls and memory."""

"""`selfship plan`: what a run could judge on a host, what it lacks, and what it would cost; nothing is written there.

The host is read (`survey`), the embedded mock is filled with orders like those (`twin`), and the very run that
`selfship certify` would be is played on that twin (`rehearsal`). So the plan and the run share every choice that is
made of orders, and where the host conforms they agree figure for figure.
"""

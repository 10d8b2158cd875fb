"""
How transactions work: defaults, lines, tax, numbers, links between them, and the ledger.

`flow.py` takes a write through its stations; each station is a file of its own and works on a
`Form`. What is particular to one entity stands in its description (`entities/`): which stations
settle its document, and how it is posted.
"""

"""The topics of a report, one a file: a table, figures, and a note on what to see. The registry has their order."""

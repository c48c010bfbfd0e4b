"""From a shop's tables to a proposed shop file. Everything here is pure; `operations.propose` asks the database."""

"""Programs that read text and write text: cat, grep, sed, awk, sort and their like."""

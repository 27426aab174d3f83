"""The coreutils and procps that people use: files, processes, time, small calculations."""

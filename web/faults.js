// The VAST error codes of failures.

// The player throws objects with a `code`. The browser's own errors have none, or a number of another meaning.
export const vastCode = (error, otherwise) => (error instanceof Error ? otherwise : (error?.code ?? otherwise));

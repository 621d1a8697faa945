// Promises with time limits. Times are in milliseconds.

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const rejectAfter = (promise, ms, fault) => Promise.race([promise, wait(ms).then(() => Promise.reject(fault))]);

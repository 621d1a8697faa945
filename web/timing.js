// Promises and time.

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const within = (promise, ms, fault) => Promise.race([promise, wait(ms).then(() => Promise.reject(fault))]);

/**
 * Parameters of a property whose runs wait for something: the report of what was found, its seed and its counterexample, comes
 * before the test is out of time, however long it takes to make it smaller. A property that did not finish fails.
 *
 * @example await fc.assert(fc.asyncProperty(…), { numRuns: 15, ...IN_TIME })
 */
export const IN_TIME = { interruptAfterTimeLimit: 50_000, markInterruptAsFailure: true } as const;

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const USER_ID = /^[^\u0000-\u001f\u007f"\\]{1,256}$/;

/** Whether a value can name a user, in signals and in push. */
export const isUserId = (value: unknown): value is string => typeof value === 'string' && USER_ID.test(value);
/** What a user's id has to be, for messages. */
export const USER_ID_RULE = '1 to 256 characters without quotes, backslashes and control characters';

/** The topic on which signals for a user arrive. */
export const signalTopic = (userId: string): string => `__signal:${userId}`;

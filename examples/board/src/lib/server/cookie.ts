/** The cookie that holds the secret of a session. */
export const SESSION_COOKIE = 'board_session';

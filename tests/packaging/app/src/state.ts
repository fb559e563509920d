// Counted by the WebSocket hooks, read by routes: the module must exist once.
export const state: { opened: number; instrumented?: boolean } = { opened: 0 };

/** The exit code of Vigil's programs if another attempt cannot succeed. */
export const PERMANENT_EXIT = 42;
/** The exit code of an aborted process (SIGABRT), such as V8 with a full heap. */
export const HEAP_EXIT = 134;

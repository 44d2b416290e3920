/** Exit code of a worker whose shard cannot succeed however often it is tried. */
export const PERMANENT_EXIT = 42;
/** Exit code of a process that is killed, or whose heap is full (SIGABRT). */
export const HEAP_EXIT = 134;

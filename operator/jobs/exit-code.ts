/** Exit code of a program of Vigil's that cannot succeed however often it is tried. */
export const PERMANENT_EXIT = 42;
/** Exit code of a process that has aborted (SIGABRT): what V8 does if its heap is full. */
export const HEAP_EXIT = 134;

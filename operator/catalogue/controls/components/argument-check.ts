/** The programs of the control plane and of nodes whose arguments and configuration controls read. */
export type ComponentName = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'etcd' | 'kubelet' | 'kube-proxy';

/** The type of an argument. Lists are separated by commas. `switches` is a list of name=true and name=false. */
export type ArgumentType = 'bool' | 'int' | 'text' | 'list' | 'switches' | 'duration';

/** A requirement for arguments of a program. Objects that do not show the program are no targets of the control. */
export interface ArgumentCheck {
  readonly component: ComponentName;
  /**
   * The names of the arguments without dashes, each of which is checked. For `kubelet` and `kube-proxy`, the paths of fields of their
   * configuration.
   */
  readonly names: readonly string[];
  readonly type: ArgumentType;
  /**
   * `set`: the argument has a value. `unset`: it has none. Otherwise a CEL expression over `item`: the value, a duration in seconds, or the
   * entries of a list.
   */
  readonly require: string;
  /** The value of the program if the argument is not set. Without it, an argument that is not set fails a CEL expression. */
  readonly default?: boolean | number | string | readonly string[];
  /** The argument that names a file in which the setting is. If it is given, and the argument is not, the control is skipped. */
  readonly decidedBy?: string;
  /** Another argument and its value, with which the setting has no effect. The control then passes. */
  readonly unless?: { readonly name: string; readonly value: string };
}

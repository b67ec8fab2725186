//! What `--help` of `holdfast schemas` shows.

pub(in crate::cli) const EXAMPLES: &str = "\
Examples:
  holdfast schemas list                                what is registered, and since when
  holdfast schemas show holdfast.order.v1 OrderCommit  one message
  holdfast schemas check --file next.binpb             would `buf build -o next.binpb` be taken
  holdfast schemas push                                register what is built in

Exit status: 0 done, 1 something is incompatible or not registered, 2 it could not be done.";

pub(super) const LIST: &str = "\
Examples:
  holdfast schemas list
  holdfast schemas list --json | jq -r '.[].package'

Exit status: 0 done, 2 the registry cannot be read.";

pub(super) const SHOW: &str = "\
Examples:
  holdfast schemas show holdfast.order.v1                   all of it, in Protobuf's language
  holdfast schemas show holdfast.order.v1 OrderCommit       one message
  holdfast schemas show holdfast.order.v1 --revision 3      as it was before (see --versions)
  holdfast schemas show holdfast.order.v1 --output now.binpb    a FileDescriptorSet, for buf and the like

Exit status: 0 done, 1 it is not registered, 2 it could not be done.";

pub(super) const CHECK: &str = "\
Examples:
  holdfast schemas check                       is this program's own contract registered, or could it be
  buf build services/contracts/proto -o next.binpb && holdfast schemas check --file next.binpb

The rules are those of `buf breaking` with WIRE_JSON, and that no message goes.

Exit status: 0 it could be registered or is, 1 it is refused, 2 it could not be done.";

pub(super) const PUSH: &str = "\
Examples:
  holdfast schemas push                        what is built in; `holdfast nats apply` and `holdfast up` do it, too
  holdfast schemas push --file next.binpb      a FileDescriptorSet, as `buf build -o` writes it

A program that was rolled back to offers what was registered before; that is left alone.

Exit status: 0 it is registered, 1 it is refused and nothing was changed, 2 it could not be done.";

// The table of a state machine in F#, the machine that is built from it, and the refusal of an illegal command.
// Filled and read by the functions of Machine.fs.
namespace Refold.FSharp

open Refold
open Refold.Core

/// A command is illegal in a state: there is no row for it, or the guard of none holds. A value like any refusal.
type IllegalTransition =
    {
        /// The name of the state.
        State: string
        /// The name of the command.
        Command: string
        /// The names of the guards that did not hold, in the order of the rows; empty where there is no row.
        Guards: string list
    }

/// The form of illegal transitions.
[<RequireQualifiedAccess>]
module IllegalTransition =

    /// A JSON object of the entry type `illegal-transition`, as C# machines write it.
    let codec: Codec<IllegalTransition> = Codec.json<IllegalTransition> "illegal-transition"

/// The table of a state machine while it is written. Immutable; begun by `Machine.create`.
[<NoEquality; NoComparison>]
type MachineTable<'State, 'Data, 'Command, 'Event, 'Error> =
    internal
        {
            Category: string
            Rows: StateTable<'State * 'Data, Step, 'Command, 'Event, Result<'Event list, 'Error>>
            CommandCodec: Codec<'Command> option
            EventCodec: Codec<'Event> option
            ErrorCodec: Codec<'Error> option
            StateCodec: Codec<'State * 'Data> option
            TagsOf: 'Event -> Tag list
        }

/// A state machine that was built: its table has no defect. Immutable.
[<NoEquality; NoComparison>]
type Machine<'State, 'Data, 'Command, 'Event, 'Error> =
    internal
        {
            Compiled: Aggregate<'State * 'Data, 'Command, 'Event, 'Error>
            Rules: Interop.MachineRules<'State * 'Data, 'Command, 'Event>
        }

    /// The aggregate that the table is compiled to: for runs, verification, snapshots and tests.
    member this.Aggregate: Aggregate<'State * 'Data, 'Command, 'Event, 'Error> = this.Compiled

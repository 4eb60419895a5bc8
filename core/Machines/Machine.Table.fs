// The table of a state machine: in which state which command is decided how, and where which event leads.
// Filled by the faces for C# and F#; judged by Machine.Check.fs and compiled by Machine.fs.
namespace Refold.Core

open System

/// One row. Of the rows for a state and a command, or for a state and an event, the first whose guard holds is taken.
[<NoEquality; NoComparison>]
type internal MachineRow<'At, 'On, 'Does> =
    {
        /// The states it is for; none: every state.
        From: string list
        /// The command or event it is for.
        On: string
        /// The guard's name; `None` without one.
        Guard: string option
        /// The guard, over state and data.
        Holds: 'At -> 'On -> bool
        /// Where an event leads; `None` where the state stays. Of no use in the row of a command.
        To: string option
        /// What happens.
        Does: 'Does
    }

/// When a state is left by time.
[<NoEquality; NoComparison>]
type internal MachineTimeout<'At, 'Command> =
    {
        /// The state.
        In: string
        /// The deadline, from state, data, and the recorded time at which the state was entered.
        At: 'At -> DateTimeOffset option -> DateTimeOffset option
        /// What is sent when it has passed.
        Command: 'At -> 'Command
    }

/// A table, perhaps not complete. `'At` is the state with the data, `'Decision` what a decider of the language answers.
[<NoEquality; NoComparison>]
type internal StateTable<'At, 'Step, 'Command, 'Event, 'Decision> =
    {
        /// State and data before the first event.
        Initial: 'At option
        /// How states are named.
        States: MachineNames<'At> option
        /// How commands are named.
        Commands: MachineNames<'Command> option
        /// How events are named.
        Events: MachineNames<'Event> option
        /// What commands do.
        Decides: MachineRow<'At, 'Command, 'Step -> 'At -> 'Command -> 'Decision> list
        /// What events do.
        Moves: MachineRow<'At, 'Event, 'At -> 'Event -> 'At> list
        /// Which states are left by time.
        Timeouts: MachineTimeout<'At, 'Command> list
        /// The refusal of a command that is illegal: state, command, and the guards that did not hold.
        Illegal: (string -> string -> string list -> 'Decision) option
        /// What has no codec: "commands", "events", "errors".
        WithoutCodec: string list
    }

/// What is wrong with a table.
[<NoComparison>]
type internal TableDefect =
    {
        /// Stable, in kebab-case.
        Code: string
        /// The state, or an empty text.
        State: string
        /// The command or event, or an empty text.
        On: string
        /// One sentence.
        Text: string
    }

/// A change from a state to another one.
[<NoComparison>]
type internal TableTransition =
    {
        /// The state that is left.
        From: string
        /// The event that leaves it.
        On: string
        /// The state that is entered.
        To: string
        /// The guard's name; `None` without one.
        Guard: string option
    }

/// Questions to a table.
[<RequireQualifiedAccess>]
module internal StateTable =

    /// A table without rows.
    let empty<'At, 'Step, 'Command, 'Event, 'Decision> : StateTable<'At, 'Step, 'Command, 'Event, 'Decision> =
        {
            Initial = None
            States = None
            Commands = None
            Events = None
            Decides = []
            Moves = []
            Timeouts = []
            Illegal = None
            WithoutCodec = []
        }

    /// Whether a row is for a state.
    let isFor (state: string) (row: MachineRow<'At, 'On, 'Does>) : bool = row.From.IsEmpty || List.contains state row.From

    /// The rows for a state and what it is about, up to the first without a guard: none behind that one is ever taken.
    let rowsFor (state: string) (on: string) (rows: MachineRow<'At, 'On, 'Does> list) : MachineRow<'At, 'On, 'Does> list =
        let candidates = rows |> List.filter (fun row -> row.On = on && isFor state row)

        match candidates |> List.tryFindIndex (fun row -> row.Guard.IsNone) with
        | Some last -> List.truncate (last + 1) candidates
        | None -> candidates

    /// Every state that the table knows: the named ones of the type, and those of its rows. In the order in which they are found.
    let states (table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>) : string list =
        [
            match table.States, table.Initial with
            | Some names, Some initial ->
                names.NameOf initial
                yield! names.All
            | Some names, None -> yield! names.All
            | None, _ -> ()

            for row in table.Moves do
                yield! row.From
                yield! Option.toList row.To

            for row in table.Decides do
                yield! row.From

            for timeout in table.Timeouts do
                timeout.In
        ]
        |> List.distinct

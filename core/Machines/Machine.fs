// A state machine: a table compiled to the functions of an ordinary decider, so that what runs, folds or verifies takes it as it is.
// Built by the faces for C# and F#, which add codecs and a category, and answer in decisions of their own.
namespace Refold.Core

open System
open System.Collections.Generic
open Refold

/// A machine that was built: its table has no defect.
[<NoEquality; NoComparison>]
type internal StateMachine<'At, 'Step, 'Command, 'Event, 'Decision> =
    {
        /// What it was built from.
        Table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>
        /// State and data before the first event.
        Initial: 'At
        /// The decision of the row for a command; a refusal where there is none.
        Decide: 'Step -> 'At -> 'Command -> 'Decision
        /// State and data after an event; throws where there is no row for it.
        Evolve: 'At -> 'Event -> 'At
        /// The name of a state.
        StateOf: 'At -> string
        /// The name of an event.
        EventOf: 'Event -> string
    }

/// Where a machine stands after entries of its stream.
[<NoEquality; NoComparison>]
type internal MachineStay<'At> =
    {
        /// State and data.
        At: 'At
        /// The version of the last entry.
        Version: int64
        /// The entry that moved it into the state; `None` before the first one.
        Entered: Entry option
    }

/// Building machines and reading them.
[<RequireQualifiedAccess>]
module internal StateMachine =

    let private wrong (text: string) : exn = InvalidOperationException text

    // The rows of each state and name, found once.
    let private index (states: string list) (rows: MachineRow<'At, 'On, 'Does> list) =
        let found = Dictionary<struct (string * string), MachineRow<'At, 'On, 'Does> list>()

        for on in rows |> List.map _.On |> List.distinct do
            for state in states do
                match StateTable.rowsFor state on rows with
                | [] -> ()
                | candidates -> found[struct (state, on)] <- candidates

        fun (state: string) (on: string) ->
            match found.TryGetValue(struct (state, on)) with
            | true, candidates -> candidates
            | false, _ -> []

    let private choose at on (candidates: MachineRow<'At, 'On, 'Does> list) =
        candidates |> List.tryFind (fun row -> row.Guard.IsNone || row.Holds at on)

    let private compile (table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>) (names: MachineNames<'At>) initial =
        let states = StateTable.states table
        let decides, moves = index states table.Decides, index states table.Moves

        let nameOf (names: MachineNames<'Value> option) value =
            match names with
            | Some names -> names.NameOf value
            | None -> "?"

        let decide step at command =
            let state, on = names.NameOf at, nameOf table.Commands command
            let candidates = decides state on

            match choose at command candidates, table.Illegal with
            | Some row, _ -> row.Does step at command
            | None, Some illegal -> illegal state on (candidates |> List.choose _.Guard)
            | None, None -> raise (wrong "the machine was built without commands, for folding only")

        let evolve at event =
            let state, on = names.NameOf at, nameOf table.Events event

            match choose at event (moves state on) with
            | None -> raise (wrong ("the state '" + state + "' has no row for the event '" + on + "'"))
            | Some row ->
                let after = row.Does at event
                let target = Option.defaultValue state row.To
                let reached = names.NameOf after

                if reached <> target then
                    let told = "the row of '" + state + "' for the event '" + on + "' "
                    raise (wrong (told + "leads to '" + target + "' and was moved to '" + reached + "'"))

                after

        {
            Table = table
            Initial = initial
            Decide = decide
            Evolve = evolve
            StateOf = names.NameOf
            EventOf = nameOf table.Events
        }

    /// The machine of a table, or everything that is wrong with it. Without rows for commands it can be folded, and decides nothing.
    let build
        (table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>)
        : Result<StateMachine<'At, 'Step, 'Command, 'Event, 'Decision>, TableDefect list> =
        match MachineCheck.judge table, table.States, table.Initial with
        | [], Some names, Some initial -> Ok(compile table names initial)
        | defects, _, _ -> Error defects

    /// Every transition that the table allows, by state, then by row. What stays in its state is none.
    let transitions (machine: StateMachine<'At, 'Step, 'Command, 'Event, 'Decision>) : TableTransition list =
        [
            for state in StateTable.states machine.Table do
                for on in machine.Table.Moves |> List.map _.On |> List.distinct do
                    for row in StateTable.rowsFor state on machine.Table.Moves do
                        match row.To with
                        | Some target when target <> state -> { From = state; On = on; To = target; Guard = row.Guard }
                        | _ -> ()
        ]

    /// The transition that an event was; `None` where the state stayed.
    let observed
        (machine: StateMachine<'At, 'Step, 'Command, 'Event, 'Decision>)
        (before: 'At)
        (event: 'Event)
        (after: 'At)
        : TableTransition option =
        let from, target = machine.StateOf before, machine.StateOf after

        if from = target then
            None
        else
            Some { From = from; On = machine.EventOf event; To = target; Guard = None }

    /// The transitions of events, folded from a state with its data.
    let follow (machine: StateMachine<'At, 'Step, 'Command, 'Event, 'Decision>) (at: 'At) (events: 'Event seq) : TableTransition list =
        let step (found, before) event =
            let after = machine.Evolve before event
            Option.toList (observed machine before event after) @ found, after

        events |> Seq.fold step ([], at) |> fst |> List.rev

    /// Where a machine stands before the first entry.
    let beginning (initial: 'At) : MachineStay<'At> = { At = initial; Version = 0L; Entered = None }

    /// Where it stands after the next entry of its stream. A state that stays is not entered anew.
    let enter
        (stateOf: 'At -> string)
        (aggregate: Aggregate<'At, 'Command, 'Event, 'Error>)
        (stay: MachineStay<'At>)
        (entry: Entry)
        : Result<MachineStay<'At>, Divergence> =
        let next at =
            {
                At = at
                Version = entry.Version
                Entered = if stay.Entered.IsSome && stateOf at = stateOf stay.At then stay.Entered else Some entry
            }

        match Folding.gap stay.Version entry with
        | Some divergence -> Error divergence
        | None when Role.isApplied entry.Data.Role ->
            Folding.apply aggregate stay.At entry |> Result.map (fun applied -> next applied.State)
        | None -> Ok { stay with Version = entry.Version }

    /// The next deadline, from state and data and the recorded time at which the state was entered, with what is sent when it has passed.
    let deadline (machine: StateMachine<'At, 'Step, 'Command, 'Event, 'Decision>) (at: 'At) (since: DateTimeOffset option) =
        machine.Table.Timeouts
        |> List.tryFind (fun timeout -> timeout.In = machine.StateOf at)
        |> Option.bind (fun timeout -> timeout.At at since |> Option.map (fun due -> struct (due, timeout.Command at)))

    /// Whether a state is left by time.
    let isTimed (machine: StateMachine<'At, 'Step, 'Command, 'Event, 'Decision>) (at: 'At) : bool =
        machine.Table.Timeouts |> List.exists (fun timeout -> timeout.In = machine.StateOf at)

    /// The idempotency key under which the command of a deadline is given: the same in every process and after every restart.
    let deadlineKey (stream: StreamId) (enteredAt: int64) (due: DateTimeOffset) : string =
        let hash =
            Hash.ofParts "refold machine deadline" (fun writer ->
                writer.Text stream.Value
                writer.Int64 enteredAt
                writer.Int64 due.UtcTicks)

        "deadline:" + hash.ToString()

// State machines from F#: a table of functions over unions, compiled to an aggregate of the core.
// Called by programs and scripts; the aggregate runs on every journal, and in memory.
namespace Refold.FSharp

open System
open System.Threading.Tasks
open Refold
open Refold.Core
open Refold.FSharp

/// State machines. States, commands and events are named as the cases of their unions, or the members of their enumerations.
[<RequireQualifiedAccess>]
module Machine =

    /// Every state: rows below those of single states are for every other one.
    let any: string list = []

    /// A table without rows. Its streams are the category itself and everything below `CATEGORY/`.
    let create (category: string) : MachineTable<'State, 'Data, 'Command, 'Event, 'Error> =
        {
            Category = category
            Rows =
                { StateTable.empty<_, _, _, _, _> with
                    States = MachineNames.tryOfType<'State>() |> Option.map (MachineNames.map fst)
                    Commands = MachineNames.tryOfType<'Command>()
                    Events = MachineNames.tryOfType<'Event>()
                }
            CommandCodec = None
            EventCodec = None
            ErrorCodec = None
            StateCodec = None
            TagsOf = fun _ -> []
        }

    /// Applies rows in their order, written as a list: `Machine.rows [ Machine.on ..; Machine.moves .. ]`.
    let rows
        (rows: (MachineTable<'State, 'Data, 'Command, 'Event, 'Error> -> MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) list)
        (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>)
        : MachineTable<'State, 'Data, 'Command, 'Event, 'Error> =
        List.fold (fun table row -> row table) table rows

    let private changed change (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) = { table with Rows = change table.Rows }

    /// State and data before the first event.
    let initially (state: 'State) (data: 'Data) (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        table |> changed (fun rows -> { rows with Initial = Some(state, data) })

    /// Names the states, where they are no union and no enumeration. With every name, unknown and unreachable ones are found.
    let states (names: string list) (nameOf: 'State -> string) (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        table |> changed (fun rows -> { rows with States = Some { NameOf = fst >> nameOf; All = names } })

    /// Names the commands, where they are no union and no enumeration.
    let commandNames (names: string list) (nameOf: 'Command -> string) (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        table |> changed (fun rows -> { rows with Commands = Some { NameOf = nameOf; All = names } })

    /// Names the events, where they are no union and no enumeration.
    let eventNames (names: string list) (nameOf: 'Event -> string) (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        table |> changed (fun rows -> { rows with Events = Some { NameOf = nameOf; All = names } })

    let private decides from on guard holds decide (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        let row = { From = from; On = on; Guard = guard; Holds = holds; To = None; Does = decide }
        table |> changed (fun rows -> { rows with Decides = rows.Decides @ [ row ] })

    let private goes from on guard holds target evolve (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        let row =
            {
                From = from
                On = on
                Guard = guard
                Holds = holds
                To = target
                Does = evolve
            }

        table |> changed (fun rows -> { rows with Moves = rows.Moves @ [ row ] })

    let private always _ _ = true

    /// What a command does in these states: events, or a refusal.
    let on
        (states: string list)
        (command: string)
        (decide: Step -> 'State * 'Data -> 'Command -> Result<'Event list, 'Error>)
        (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>)
        =
        decides states command None always decide table

    /// The same under a guard with a name, over state and data. Of the rows for a state and a command the first whose guard holds is taken.
    let onWhen
        (states: string list)
        (command: string)
        (guard: string)
        (holds: 'State * 'Data -> 'Command -> bool)
        (decide: Step -> 'State * 'Data -> 'Command -> Result<'Event list, 'Error>)
        (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>)
        =
        decides states command (Some guard) holds decide table

    /// An event leads from these states to the state of a name. The function gives state and data after it; the state has the name.
    let moves
        (states: string list)
        (event: string)
        (target: string)
        (evolve: 'State * 'Data -> 'Event -> 'State * 'Data)
        (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>)
        =
        goes states event None always (Some target) evolve table

    /// The same under a guard with a name, over state and data.
    let movesWhen
        (states: string list)
        (event: string)
        (guard: string)
        (holds: 'State * 'Data -> 'Event -> bool)
        (target: string)
        (evolve: 'State * 'Data -> 'Event -> 'State * 'Data)
        (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>)
        =
        goes states event (Some guard) holds (Some target) evolve table

    /// An event stays in these states, whatever becomes of what they hold and of the data. It is no transition.
    let stays
        (states: string list)
        (event: string)
        (evolve: 'State * 'Data -> 'Event -> 'State * 'Data)
        (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>)
        =
        goes states event None always None evolve table

    /// A state is left by time: once the deadline has passed, a driver sends the command. The deadline follows from state and data, and
    /// the recorded time of the entry that moved the machine into the state; it is not asked for where that entry has no time.
    let timesOutAt
        (state: string)
        (deadline: 'State * 'Data -> DateTimeOffset -> DateTimeOffset option)
        (command: 'State * 'Data -> 'Command)
        (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>)
        =
        let timeout =
            {
                In = state
                At = (fun at since -> Option.bind (deadline at) since)
                Command = command
            }

        table |> changed (fun rows -> { rows with Timeouts = rows.Timeouts @ [ timeout ] })

    /// The same, a time after the state was entered.
    let timesOut (state: string) (after: TimeSpan) (command: 'Command) (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        if after <= TimeSpan.Zero then
            invalidArg (nameof after) "A state is left by time after more than no time."

        let deadline _ (since: DateTimeOffset) = if since <= DateTimeOffset.MaxValue - after then Some(since + after) else None
        timesOutAt state deadline (fun _ -> command) table

    /// The form of commands. A machine without rows for commands needs none: it can be folded only.
    let commands (codec: Codec<'Command>) (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        { table with CommandCodec = Some codec }

    /// The form of events.
    let events (codec: Codec<'Event>) (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        { table with EventCodec = Some codec }

    /// The refusal that an illegal transition is, and the form of refusals: `Machine.errors id IllegalTransition.codec`.
    let errors
        (refusal: IllegalTransition -> 'Error)
        (codec: Codec<'Error>)
        (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>)
        =
        let illegal state command guards = Error(refusal { State = state; Command = command; Guards = guards })
        { table with ErrorCodec = Some codec } |> changed (fun rows -> { rows with Illegal = Some illegal })

    /// The form of state and data, for snapshots and state hashes; without one, they do not apply.
    let state (codec: Codec<'State * 'Data>) (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) =
        { table with StateCodec = Some codec }

    /// The tags of an event.
    let tags (tagsOf: 'Event -> Tag list) (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) = { table with TagsOf = tagsOf }

    // A machine that is only folded has no commands, and no form for them.
    let private none<'Value> () : Codec<'Value> =
        let never _ = Error "the machine was built without commands, for folding only"
        Codec.create "none" 1 never never

    /// The machine, or everything that is wrong with its table: what is missing or unknown, unreachable states, rows that are never taken.
    let build
        (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>)
        : Result<Machine<'State, 'Data, 'Command, 'Event, 'Error>, MachineDefect list> =
        let without =
            [
                if not table.Rows.Decides.IsEmpty && table.CommandCodec.IsNone then
                    "commands"
                if table.EventCodec.IsNone then
                    "events"
                if not table.Rows.Decides.IsEmpty && table.ErrorCodec.IsNone then
                    "errors"
            ]

        match StateMachine.build { table.Rows with WithoutCodec = without }, table.EventCodec with
        | Error defects, _ -> Error(defects |> List.map Interop.MachineTranslation.ToFacade)
        | Ok _, None -> Error []
        | Ok machine, Some events ->
            let decider: Decider<'State * 'Data, 'Command, 'Event, 'Error> =
                { Initial = machine.Initial; Decide = machine.Decide; Evolve = machine.Evolve }

            Ok
                {
                    Compiled =
                        {
                            Category = table.Category
                            Decider = decider
                            Commands = table.CommandCodec |> Option.defaultWith none
                            Events = events
                            Errors = table.ErrorCodec |> Option.defaultWith none
                            State = table.StateCodec
                            Tags = table.TagsOf
                        }
                    Rules = Interop.MachineTranslation.Rules machine
                }

    /// The machine. Throws `MachineException`, which names everything that is wrong with its table.
    let buildOrThrow (table: MachineTable<'State, 'Data, 'Command, 'Event, 'Error>) : Machine<'State, 'Data, 'Command, 'Event, 'Error> =
        match build table with
        | Ok machine -> machine
        | Error defects -> raise (MachineException(table.Category, ResizeArray defects))

    /// Every transition that the table allows, by the state that is left, then in the order of the rows. What stays is none.
    let transitions (machine: Machine<'State, 'Data, 'Command, 'Event, 'Error>) : MachineTransition list =
        List.ofSeq machine.Rules.Transitions

    /// The transitions of events, folded from the initial state: what really changed, in order.
    let transitionsOf (events: 'Event seq) (machine: Machine<'State, 'Data, 'Command, 'Event, 'Error>) : MachineTransition list =
        List.ofSeq (machine.Rules.TransitionsOf.Invoke(machine.Compiled.Decider.Initial, events))

    /// The next deadline of a state, from the recorded time at which it was entered, with the command that is sent then.
    let deadlineOf
        (at: 'State * 'Data)
        (since: DateTimeOffset option)
        (machine: Machine<'State, 'Data, 'Command, 'Event, 'Error>)
        : (DateTimeOffset * 'Command) option =
        machine.Rules.DeadlineOf.Invoke(at, Option.toNullable since)
        |> Option.ofObj
        |> Option.map (fun deadline -> deadline.At, deadline.Command)

    /// The table as the text of a Mermaid state diagram.
    let mermaid (machine: Machine<'State, 'Data, 'Command, 'Event, 'Error>) : string = machine.Rules.Mermaid

    /// A driver that sends the command of each deadline once it has passed, as a command of the run. To be started, and disposed before
    /// the run: `do! driver.StartAsync CancellationToken.None`, or `driver.FireDueAsync()` from a timer of the program.
    let deadlinesWith (options: DeadlineOptions) (run: Refold.Run) (machine: Machine<'State, 'Data, 'Command, 'Event, 'Error>) =
        DeadlineDriver.Of(run, Handles<_, _, _, _>.Of machine.Compiled, machine.Rules, options)

    /// The same with default options.
    let deadlines (run: Refold.Run) (machine: Machine<'State, 'Data, 'Command, 'Event, 'Error>) : DeadlineDriver =
        deadlinesWith (DeadlineOptions()) run machine

    /// The transitions that a stream shows, with the entry of each. Nothing is decided. Throws `HistoryDroppedException` where the
    /// stream's beginning was deleted, and `StateUnreadableException` where it cannot be folded.
    let history
        (journal: IJournal)
        (stream: string)
        (machine: Machine<'State, 'Data, 'Command, 'Event, 'Error>)
        : Task<RecordedTransition list> =
        task {
            let! found =
                MachineHistory.ReadAsync(
                    journal,
                    StreamId.Create stream,
                    Handles<_, _, _, _>.Of machine.Compiled,
                    machine.Rules,
                    Threading.CancellationToken.None
                )

            return List.ofSeq found
        }

// What is wrong with the table of a machine before anything was decided by it: what is missing, unknown, unreachable, or never taken.
// Called by Machine.fs when a machine is built.
namespace Refold.Core

/// Judging a table.
[<RequireQualifiedAccess>]
module internal MachineCheck =

    let private defect code state on text : TableDefect = { Code = code; State = state; On = on; Text = text }

    let private quoted (name: string) = "'" + name + "'"

    let private guardText (row: MachineRow<'At, 'On, 'Does>) =
        match row.Guard with
        | Some name -> " with the guard " + quoted name
        | None -> ""

    let private missing (table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>) =
        let names what (found: MachineNames<'Value> option) =
            match found with
            | Some _ -> []
            | None ->
                [
                    defect "missing-names" "" "" ("the " + what + " have no names: give a function that names them")
                ]

        [
            if table.Initial.IsNone then
                defect "missing-initial" "" "" "there is no initial state: name it with its data"

            for what in table.WithoutCodec do
                defect "missing-codec" "" "" ("the " + what + " have no codec: give one")

            yield! names "states" table.States

            if not table.Decides.IsEmpty then
                yield! names "commands" table.Commands

                if table.Illegal.IsNone then
                    defect "missing-refusal" "" "" "an illegal command has no refusal: give the function that makes one"

            yield! names "events" table.Events
        ]

    // Names that are in no list of the names there are.
    let private unknown code what (known: string list) (found: (string * string) list) =
        if known.IsEmpty then
            []
        else
            found
            |> List.distinct
            |> List.filter (fun (_, name) -> not (List.contains name known))
            |> List.map (fun (state, name) ->
                let on = if what = "state" then "" else name
                let state = if what = "state" then name else state
                defect code state on ("there is no " + what + " " + quoted name + "; there are " + String.concat ", " known))

    let private unknownNames (table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>) =
        let all (names: MachineNames<'Value> option) = names |> Option.map _.All |> Option.defaultValue []
        let states = all table.States
        let onOf (row: MachineRow<'At, 'On, 'Does>) = (List.tryHead row.From |> Option.defaultValue "", row.On)

        let named =
            [
                for row in table.Moves do
                    yield! row.From
                    yield! Option.toList row.To

                for row in table.Decides do
                    yield! row.From

                for timeout in table.Timeouts do
                    timeout.In
            ]
            |> List.map (fun name -> "", name)

        unknown "unknown-state" "state" states named
        @ unknown "unknown-command" "command" (all table.Commands) (table.Decides |> List.map onOf)
        @ unknown "unknown-event" "event" (all table.Events) (table.Moves |> List.map onOf)

    // Rows that say the same thing twice, and rows that are never taken since those before them take everything.
    let private shadowed what (states: string list) (rows: MachineRow<'At, 'On, 'Does> list) =
        let covers state (before: MachineRow<'At, 'On, 'Does> list) (row: MachineRow<'At, 'On, 'Does>) =
            before |> List.tryFind (fun other -> other.On = row.On && other.Guard.IsNone && StateTable.isFor state other)

        let isTwin (row: MachineRow<'At, 'On, 'Does>) (other: MachineRow<'At, 'On, 'Does>) =
            other.On = row.On
            && other.Guard = row.Guard
            && (if row.From.IsEmpty || other.From.IsEmpty then
                    row.From.IsEmpty && other.From.IsEmpty
                else
                    row.From |> List.exists (fun state -> List.contains state other.From))

        let judge index (row: MachineRow<'At, 'On, 'Does>) =
            let before = List.truncate index rows
            let places = if row.From.IsEmpty then states else row.From
            let place = if row.From.IsEmpty then "every state" else String.concat ", " (row.From |> List.map quoted)
            let subject = "the row of " + place + " for the " + what + " " + quoted row.On + guardText row

            if before |> List.exists (isTwin row) then
                [
                    defect "duplicate-row" (List.tryHead row.From |> Option.defaultValue "") row.On (subject + " is there twice")
                ]
            elif places |> List.forall (fun state -> (covers state before row).IsSome) then
                let reason = " is never taken: rows without a guard come before it"

                [
                    defect "row-never-taken" (List.tryHead row.From |> Option.defaultValue "") row.On (subject + reason)
                ]
            else
                []

        rows |> List.mapi judge |> List.concat

    /// The states that can be reached from the initial one.
    let reachable (table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>) (initial: string) : Set<string> =
        let next reached state =
            table.Moves
            |> List.map _.On
            |> List.distinct
            |> List.collect (fun on -> StateTable.rowsFor state on table.Moves)
            |> List.choose _.To
            |> List.filter (fun target -> not (Set.contains target reached))

        let rec spread reached fresh =
            match fresh with
            | [] -> reached
            | state :: rest when Set.contains state reached -> spread reached rest
            | state :: rest ->
                let reached = Set.add state reached
                spread reached (next reached state @ rest)

        spread Set.empty [ initial ]

    let private unreachable (table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>) =
        match table.States, table.Initial with
        | Some names, Some initial ->
            let reached = reachable table (names.NameOf initial)

            StateTable.states table
            |> List.filter (fun state -> not (Set.contains state reached))
            |> List.map (fun state -> defect "unreachable-state" state "" ("no event leads to the state " + quoted state))
        | _ -> []

    let private timeouts (table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>) =
        table.Timeouts
        |> List.countBy _.In
        |> List.filter (fun (_, count) -> count > 1)
        |> List.map (fun (state, _) -> defect "duplicate-row" state "" ("the state " + quoted state + " has two deadlines"))

    /// What is wrong: what is missing, or else everything that can be known without a command.
    let judge (table: StateTable<'At, 'Step, 'Command, 'Event, 'Decision>) : TableDefect list =
        match missing table, unknownNames table with
        | [], [] ->
            let states = StateTable.states table

            shadowed "command" states table.Decides
            @ shadowed "event" states table.Moves
            @ timeouts table
            @ unreachable table
        | missing, unknown -> missing @ unknown

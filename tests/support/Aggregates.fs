// The aggregates that replay, run and snapshot tests share: seed 000's sum, and a game of dice that draws.
// Used by the tests here and, linked, by the properties.
module Refold.Support.Aggregates

open System
open System.Buffers.Binary
open System.Globalization
open System.Text.Json
open Refold.Core

/// A codec of one type and schema version 1 from a text form.
let textCodec typeName (write: 'Value -> string) (read: string -> 'Value option) : Codec<'Value> =
    {
        Encode = fun value -> Ok { Type = typeName; SchemaVersion = 1; Payload = Bytes.OfText(write value) }
        Decode =
            fun encoded ->
                if encoded.Type <> typeName then
                    Error(CodecError.UnknownType encoded.Type)
                elif encoded.SchemaVersion > 1 then
                    Error(CodecError.NewerSchema(typeName, encoded.SchemaVersion, 1))
                else
                    match read (encoded.Payload.ToText()) with
                    | Some value -> Ok value
                    | None -> Error(CodecError.Undecodable(typeName, "not its form"))
    }

let private tryNumber (text: string) =
    match Int64.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) with
    | true, value -> Some value
    | false, _ -> None

let private number (value: int64) = value.ToString CultureInfo.InvariantCulture

/// Seed 000's aggregate: every command is one delta, and state counts what was applied.
module Sum =

    type State = { Total: int64; Applied: int64 }

    /// A delta as 8 bytes, little-endian, as in seed 000.
    let codec: Codec<int64> =
        {
            Encode =
                fun value ->
                    let bytes = Array.zeroCreate 8
                    BinaryPrimitives.WriteInt64LittleEndian(Span bytes, value)

                    Ok
                        {
                            Type = "delta"
                            SchemaVersion = 1
                            Payload = Bytes.Wrap(ReadOnlyMemory bytes)
                        }
            Decode =
                fun encoded ->
                    if encoded.Type <> "delta" then Error(CodecError.UnknownType encoded.Type)
                    elif encoded.Payload.Length <> 8 then Error(CodecError.Undecodable("delta", "it has not 8 bytes"))
                    else Ok(BinaryPrimitives.ReadInt64LittleEndian encoded.Payload.Span)
        }

    let decider: Decider<State, int64, int64, string> =
        {
            Initial = { Total = 0L; Applied = 0L }
            Decide = fun _ _ delta -> Ok [ delta ]
            Evolve = fun state delta -> { Total = state.Total + delta; Applied = state.Applied + 1L }
        }

    let stateCodec: Codec<State> =
        textCodec "sum" (fun state -> "[" + number state.Total + "," + number state.Applied + "]") (fun text ->
            match text.Trim('[', ']').Split ',' |> Array.map tryNumber with
            | [| Some total; Some applied |] -> Some { Total = total; Applied = applied }
            | _ -> None)

    let aggregate =
        { Aggregate.create "sum" decider codec codec (textCodec "no" id Some) with
            State = Some stateCodec
        }

/// A game of dice: opened, rolled, closed; rolls draw from the step's generator.
module Game =

    type Command =
        | Open
        | Roll of dice: int
        | Look
        | Close

    type Event =
        | Opened of owner: string
        | Rolled of dice: int * faces: int64
        | Closed

    type Refusal =
        | NotOpen
        | AlreadyOpen

    type State = { IsOpen: bool; Sum: int64; Rolls: int64 }

    let private openCase (json: string) =
        use document = JsonDocument.Parse json
        let root = document.RootElement
        let integer (name: string) = (root.GetProperty name).GetInt64()

        match (root.GetProperty "case").GetString() with
        | "open" -> Some(Choice1Of3 Open)
        | "roll" -> Some(Choice1Of3(Roll(int (integer "dice"))))
        | "look" -> Some(Choice1Of3 Look)
        | "close" -> Some(Choice1Of3 Close)
        | "opened" -> Some(Choice2Of3(Opened(nonNull ((root.GetProperty "owner").GetString()))))
        | "rolled" -> Some(Choice2Of3(Rolled(int (integer "dice"), integer "faces")))
        | "closed" -> Some(Choice2Of3 Closed)
        | "state" -> Some(Choice3Of3((root.GetProperty "open").GetBoolean(), integer "sum", integer "rolls"))
        | _ -> None

    let private read pick (json: string) =
        try
            openCase json |> Option.bind pick
        with
        | :? JsonException
        | :? InvalidOperationException
        | :? Collections.Generic.KeyNotFoundException -> None

    let commands: Codec<Command> =
        textCodec
            "game.command"
            (fun command ->
                match command with
                | Open -> """{"case":"open"}"""
                | Roll dice -> "{\"case\":\"roll\",\"dice\":" + number (int64 dice) + "}"
                | Look -> """{"case":"look"}"""
                | Close -> """{"case":"close"}""")
            (read (fun value ->
                match value with
                | Choice1Of3 command -> Some command
                | _ -> None))

    let events: Codec<Event> =
        textCodec
            "game.event"
            (fun event ->
                match event with
                | Opened owner -> "{\"case\":\"opened\",\"owner\":\"" + owner + "\"}"
                | Rolled(dice, faces) -> "{\"case\":\"rolled\",\"dice\":" + number (int64 dice) + ",\"faces\":" + number faces + "}"
                | Closed -> """{"case":"closed"}""")
            (read (fun value ->
                match value with
                | Choice2Of3 event -> Some event
                | _ -> None))

    let errors: Codec<Refusal> =
        textCodec
            "game.refusal"
            (fun refusal ->
                match refusal with
                | NotOpen -> "\"not open\""
                | AlreadyOpen -> "\"already open\"")
            (fun text ->
                match text with
                | "\"not open\"" -> Some NotOpen
                | "\"already open\"" -> Some AlreadyOpen
                | _ -> None)

    let states: Codec<State> =
        textCodec
            "game.state"
            (fun state ->
                "{\"case\":\"state\",\"open\":"
                + (if state.IsOpen then "true" else "false")
                + ",\"sum\":"
                + number state.Sum
                + ",\"rolls\":"
                + number state.Rolls
                + "}")
            (read (fun value ->
                match value with
                | Choice3Of3(isOpen, sum, rolls) -> Some { IsOpen = isOpen; Sum = sum; Rolls = rolls }
                | _ -> None))

    let face (random: SeededRng) = int64 (random.NextUInt32() % 6u) + 1L

    let decide (step: Step) (state: State) (command: Command) : Result<Event list, Refusal> =
        match command with
        | Open when state.IsOpen -> Error AlreadyOpen
        | Open -> Ok [ Opened "house" ]
        | Look -> Ok []
        | Roll _
        | Close when not state.IsOpen ->
            // A refused roll draws too.
            face step.Random |> ignore<int64>
            Error NotOpen
        | Roll dice -> Ok [ Rolled(dice, List.sum [ for _ in 1..dice -> face step.Random ]) ]
        | Close -> Ok [ Rolled(1, face (step.Random.Named "last")); Closed ]

    let evolve (state: State) (event: Event) : State =
        match event with
        | Opened _ -> { state with IsOpen = true }
        | Rolled(_, faces) -> { state with Sum = state.Sum + faces; Rolls = state.Rolls + 1L }
        | Closed -> { state with IsOpen = false }

    let decider: Decider<State, Command, Event, Refusal> =
        {
            Initial = { IsOpen = false; Sum = 0L; Rolls = 0L }
            Decide = decide
            Evolve = evolve
        }

    let tags (event: Event) : Tag list =
        match event with
        | Rolled _ -> [ Tag.Create "roll"; Tag.Create "dice" ]
        | _ -> []

    let aggregate =
        { Aggregate.create "game" decider commands events errors with
            State = Some states
            Tags = tags
        }

    /// The same aggregate under another rule.
    let ruledBy decide = { aggregate with Decider = { decider with Decide = decide } }

// JSON forms of what several reports hold: names, heads, pins, random states, divergences.
// Called by ProjectionRun.Forms.fs and Report.Forms.fs.
namespace Refold.Core

open System
open System.Collections.Generic
open Refold

/// Forms that reports share.
[<RequireQualifiedAccess>]
module internal ReportParts =

    /// The name of a stream.
    let stream: JsonForm<StreamId> =
        JsonForm.text
        |> JsonForm.map (fun (stream: StreamId) -> stream.Value) (StreamId.tryCreate >> Result.mapError string)

    /// The name of a run.
    let run: JsonForm<RunId> =
        JsonForm.text |> JsonForm.map (fun (run: RunId) -> run.Value) (RunId.tryCreate >> Result.mapError string)

    /// `{"hash":"..","position":"1"}`.
    let head: JsonForm<Head> =
        JsonForm.object (
            members {
                let! position = JsonForm.field "position" (fun (head: Head) -> head.Position) JsonForm.int64
                and! hash = JsonForm.field "hash" (fun (head: Head) -> head.Hash) JsonForm.hash
                return ({ Position = position; Hash = hash }: Head)
            }
        )

    let private settings: JsonForm<KeyValuePair<string, string> list> =
        {
            Write = fun settings -> JsonValue.Object [ for setting in settings -> setting.Key, JsonForm.text.Write setting.Value ]
            Read =
                fun json ->
                    match json with
                    | JsonValue.Object found -> [ for name, value in found -> KeyValuePair(name, JsonForm.text.Read value) ]
                    | _ -> raise (JsonFault "it is no object")
        }

    /// `{"model":"..","provider":"..","seed":"1","settings":{..},"version":".."}`.
    let pin: JsonForm<RunPin> =
        JsonForm.object (
            members {
                let! model = JsonForm.field "model" (fun (pin: RunPin) -> pin.Model) JsonForm.text
                and! provider = JsonForm.field "provider" (fun (pin: RunPin) -> pin.Provider) JsonForm.text
                and! version = JsonForm.field "version" (fun (pin: RunPin) -> pin.Version) JsonForm.text
                and! seed = JsonForm.field "seed" (fun (pin: RunPin) -> pin.Seed) JsonForm.uint64
                and! settings = JsonForm.field "settings" (fun (pin: RunPin) -> List.ofSeq pin.Settings) settings
                return RunPin(model, provider, version, seed, settings)
            }
        )

    /// A generator: `{"seed":"64 hexadecimal digits","splits":"0","stream":"0","word_position":"0"}`. The seed is the key of 32 bytes.
    let random: JsonForm<RngState> =
        let positions = UInt128.One <<< 68

        let position =
            JsonForm.uint128
            |> JsonForm.checkedBy (fun position ->
                if position < positions then
                    Ok()
                else
                    Error(ValueError.OutOfRange("a word position", Numbers.text position, "below 2^68")))

        JsonForm.object (
            members {
                let! key = JsonForm.field "seed" (fun (state: RngState) -> Hash.OfSpan state.Key) JsonForm.hash
                and! splits = JsonForm.field "splits" (fun (state: RngState) -> state.Splits) JsonForm.uint64
                and! stream = JsonForm.field "stream" (fun (state: RngState) -> state.Stream) JsonForm.uint64
                and! position = JsonForm.field "word_position" (fun (state: RngState) -> state.WordPosition) position
                return RngState.Create(ReadOnlySpan(key.ToArray()), stream, position, splits)
            }
        )

    /// A cause by its stable name; `{"pin-mismatch":{"fields":[..]}}`.
    let private cause: JsonForm<DivergenceCause> =
        let plain =
            [
                DivergenceCause.Undecodable
                DivergenceCause.CodecNotFaithful
                DivergenceCause.Missing
                DivergenceCause.Unexpected
                DivergenceCause.Type
                DivergenceCause.Payload
                DivergenceCause.EncodingOnly
                DivergenceCause.Tagging
                DivergenceCause.Header
                DivergenceCause.Refusal
                DivergenceCause.Threw
                DivergenceCause.RandomDrift
                DivergenceCause.UnrecordedInput
                DivergenceCause.Unstable
                DivergenceCause.State
                DivergenceCause.Input
            ]

        let pinMismatch =
            JsonForm.case
                (DivergenceCause.PinMismatch []).Name
                (function
                | DivergenceCause.PinMismatch fields -> Some fields
                | _ -> None)
                DivergenceCause.PinMismatch
                (JsonForm.one "fields" (JsonForm.list JsonForm.text))

        JsonForm.union (pinMismatch :: [ for cause in plain -> JsonForm.unitCase cause.Name cause ])

    /// The first difference between a recording and its replay.
    let divergence: JsonForm<Divergence> =
        let field name (get: Divergence -> 'Value) (form: JsonForm<'Value>) = JsonForm.field name get form

        JsonForm.object (
            members {
                let! position = field "position" _.Position JsonForm.int64
                and! stream = field "stream" _.Stream stream
                and! version = field "version" _.Version JsonForm.int64
                and! path = field "path" _.Path JsonForm.text
                and! offset = field "byte_offset" _.ByteOffset (JsonForm.option JsonForm.int32)
                and! expected = field "expected" _.Expected JsonForm.text
                and! actual = field "actual" _.Actual JsonForm.text
                and! expectedDraws = field "expected_draws" _.ExpectedDraws (JsonForm.option JsonForm.uint64)
                and! actualDraws = field "actual_draws" _.ActualDraws (JsonForm.option JsonForm.uint64)
                and! cause = field "cause" _.Cause cause
                and! command = field "command" _.Command (JsonForm.option JsonForm.text)
                and! before = field "state_before" _.StateBefore (JsonForm.option JsonForm.text)

                return
                    {
                        Position = position
                        Stream = stream
                        Version = version
                        Path = path
                        ByteOffset = offset
                        Expected = expected
                        Actual = actual
                        ExpectedDraws = expectedDraws
                        ActualDraws = actualDraws
                        Cause = cause
                        Command = command
                        StateBefore = before
                    }
            }
        )

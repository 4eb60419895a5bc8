// The pin of a run: what decides the outcome besides the inputs (seed 000's RunPin, with settings).
// Recorded when a run starts, compared when it is verified. Written for both languages.
namespace Refold

open System
open System.Collections.Generic
open System.Diagnostics.CodeAnalysis
open System.Runtime.InteropServices
open Refold.Core

/// What a run was produced under: model, provider, version and seed, and a sorted map of whatever else decides the outcome.
/// `version` is set by the application. Equal by content. Throws `ArgumentException` for a null or a lone surrogate in any text.
[<Sealed>]
type RunPin
    (
        model: string,
        provider: string,
        version: string,
        seed: uint64,
        [<Optional; DefaultParameterValue(null: IEnumerable<KeyValuePair<string, string>> | null)>] settings:
            IEnumerable<KeyValuePair<string, string>> | null
    ) =

    let sorted = SortedDictionary<string, string>(StringComparer.Ordinal)

    do
        Text.requireUnicode (nameof model) model
        Text.requireUnicode (nameof provider) provider
        Text.requireUnicode (nameof version) version

        match settings with
        | null -> ()
        | settings ->
            for setting in settings do
                Text.requireUnicode (nameof settings) setting.Key
                Text.requireUnicode (nameof settings) setting.Value
                sorted[setting.Key] <- setting.Value

    /// The name of the model that decides; may be empty.
    member _.Model: string = model

    /// Who provides it; may be empty.
    member _.Provider: string = provider

    /// The application's version; may be empty.
    member _.Version: string = version

    /// The seed of the run's root random state.
    member _.Seed: uint64 = seed

    /// Whatever else decides the outcome, sorted by key (ordinal).
    member _.Settings: IReadOnlyDictionary<string, string> = sorted :> IReadOnlyDictionary<string, string>

    /// A pin with one setting added or replaced. Throws `ArgumentException` for a null or a lone surrogate.
    member _.With(key: string, value: string) : RunPin =
        RunPin(model, provider, version, seed, Seq.append sorted [ KeyValuePair(key, value) ])

    /// Names of the fields in which the pins differ: "model", "provider", "version", "seed", "settings/<key>"; sorted as listed.
    member this.DiffersIn(other: RunPin) : IReadOnlyList<string> =
        let fields =
            [
                if this.Model <> other.Model then
                    "model"
                if this.Provider <> other.Provider then
                    "provider"
                if this.Version <> other.Version then
                    "version"
                if this.Seed <> other.Seed then
                    "seed"
            ]

        let keys = SortedSet<string>(Seq.append sorted.Keys other.Settings.Keys, StringComparer.Ordinal)

        let value (map: IReadOnlyDictionary<string, string>) (key: string) =
            match map.TryGetValue key with
            | true, value -> ValueSome value
            | false, _ -> ValueNone

        let settings =
            [
                for key in keys do
                    if value this.Settings key <> value other.Settings key then
                        "settings/" + key
            ]

        (fields @ settings) :> IReadOnlyList<string>

    /// `{"model":"..","provider":"..","version":"..","seed":"42","settings":{..}}`: this order, no spaces, settings sorted by key.
    member _.ToJson() : string =
        RunPinJson.write
            {
                Model = model
                Provider = provider
                Version = version
                Seed = seed
                Settings = List.ofSeq sorted
            }

    static member internal Read(json: string) : Result<RunPin, ValueError> =
        RunPinJson.read json
        |> Result.map (fun parts -> RunPin(parts.Model, parts.Provider, parts.Version, parts.Seed, parts.Settings))

    /// The pin of a JSON text: the form of `ToJson`; settings may be absent (then there are none), the seed may be a number, as
    /// seed 000 writes it. False for anything else; never throws.
    static member TryParse(json: string, [<Out; NotNullWhen true>] pin: byref<RunPin | null>) : bool =
        match RunPin.Read json with
        | Ok read ->
            pin <- read
            true
        | Error _ ->
            pin <- null
            false

    /// As `TryParse`; throws `FormatException`, with the reason, for anything else.
    static member Parse(json: string) : RunPin =
        match RunPin.Read json with
        | Ok pin -> pin
        | Error error -> raise (FormatException(error.ToString()))

    override this.Equals(other: obj | null) =
        match other with
        | :? RunPin as pin -> this.DiffersIn(pin).Count = 0
        | _ -> false

    override _.GetHashCode() = StringHash.fnv1a (model + "\n" + provider + "\n" + version) ^^^ int seed

    /// `model provider version seed N key=value ...`.
    override _.ToString() =
        let settings = [ for setting in sorted -> " " + setting.Key + "=" + setting.Value ]

        String.concat " " [ model; provider; version; "seed"; Numbers.text seed ] + String.concat "" settings

namespace Refold.Core

/// The pin of a run; see `Refold.RunPin`.
type RunPin = Refold.RunPin

/// Functions of pins.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal RunPin =

    /// `{"model":"..","provider":"..","version":"..","seed":"42","settings":{..}}`: this order, no spaces, settings sorted by key.
    let toJson (pin: RunPin) : string = pin.ToJson()

    /// The pin of a JSON text; see `Refold.RunPin.TryParse`.
    let ofJson (json: string) : Result<RunPin, ValueError> = RunPin.Read json

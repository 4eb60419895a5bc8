// The pin of a run: what decides the outcome besides the inputs (seed 000's RunPin, with settings).
// Recorded when a run starts, compared when it is verified. Written for both languages.
namespace Refold

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open Refold.Core

/// What a run was produced under: model, provider, version and seed, and a sorted map of whatever else decides the outcome.
/// `version` is set by the application. Equal by content.
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
        ArgumentNullException.ThrowIfNull model
        ArgumentNullException.ThrowIfNull provider
        ArgumentNullException.ThrowIfNull version

        match settings with
        | null -> ()
        | settings ->
            for setting in settings do
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

    /// A pin with one setting added or replaced.
    member _.With(key: string, value: string) : RunPin =
        let changed = SortedDictionary<string, string>(sorted, StringComparer.Ordinal)
        changed[key] <- value
        RunPin(model, provider, version, seed, changed)

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
            | true, value -> value
            | false, _ -> ""

        let settings =
            [
                for key in keys do
                    if value this.Settings key <> value other.Settings key then
                        "settings/" + key
            ]

        (fields @ settings) :> IReadOnlyList<string>

    override this.Equals(other: obj | null) =
        match other with
        | :? RunPin as pin -> this.DiffersIn(pin).Count = 0
        | _ -> false

    override _.GetHashCode() = StringHash.fnv1a (model + "\n" + provider + "\n" + version) ^^^ int seed

    /// `model provider version seed N key=value ...`.
    override _.ToString() =
        let settings = [ for setting in sorted -> " " + setting.Key + "=" + setting.Value ]

        String.concat " " [ model; provider; version; "seed"; seed.ToString Globalization.CultureInfo.InvariantCulture ]
        + String.concat "" settings

namespace Refold.Core

/// The pin of a run; see `Refold.RunPin`.
type RunPin = Refold.RunPin

// Pins survive their JSON form whatever their texts are, and broken texts are refused without an exception.
// Run by `dotnet test` and by Program.fs.
module Refold.Properties.PinProperties

open System.Collections.Generic
open System.Text
open Expecto
open FsCheck
open FsCheck.FSharp
open Refold.Core
open Refold.Properties.Generators
open Refold.Support

let private pins: Gen<RunPin> =
    gen {
        let! model = texts
        let! provider = texts
        let! version = texts
        let! seed = words
        let! settings = Gen.listOf (Gen.map2 (fun key value -> KeyValuePair(key, value)) texts texts)
        return RunPin(model, provider, version, seed, settings)
    }

[<Tests>]
let tests =
    properties "Entries / pins" [
        testProperty "a pin survives its JSON form" (forAll pins (fun pin -> RunPin.ofJson (pin.ToJson()) = Ok pin))

        testProperty
            "a pin's JSON form with one character changed is read or refused, and nothing else"
            (forAll pins (fun pin (place: uint16) (replacement: char) ->
                let text = StringBuilder(pin.ToJson())
                text[int place % text.Length] <- replacement
                let json = text.ToString()
                let read, found = RunPin.TryParse json
                read = (found |> isNull |> not) && read = Result.isOk (RunPin.ofJson json)))

        testProperty
            "pins are equal exactly where their JSON forms are"
            (forAll pins (fun left (change: int) (key: byte) ->
                let again (seed: uint64) = RunPin(left.Model, left.Provider, left.Version, seed, Seq.rev left.Settings)

                let right =
                    match change &&& 3 with
                    | 0 -> again left.Seed
                    | 1 -> again (left.Seed + 1UL)
                    | 2 -> left.With("added " + string key, "")
                    | _ -> left.With("added " + string key, "").With(string key, "other")

                let same = left.DiffersIn(right).Count = 0
                same = (change &&& 3 = 0) && same = left.Equals right && same = (left.ToJson() = right.ToJson())))
    ]

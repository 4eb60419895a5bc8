// Properties that a seed repeats: Expecto.FsCheck's, all with one seed, and with the line that runs a failed one again.
// Called by every property file (Repeatable.properties) and by Program.fs (Repeatable.useSeed).
[<AutoOpen>]
module Refold.Properties.Repeatable

open System
open System.Globalization
open System.Security.Cryptography
open Expecto

// FsCheck wants an odd gamma; one fixed here makes the seed alone name a run.
let private gamma = 0x9E3779B97F4A7C15UL

let mutable private chosen: uint64 option = None

let private drawn =
    lazy
        (let seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes 8, 0)
         Console.WriteLine(String.Format(CultureInfo.InvariantCulture, "properties: --seed {0}", seed))
         seed)

/// Chooses the seed of every property. Called once, before any property runs; without it the first one draws a seed and prints it.
let useSeed (seed: uint64) = chosen <- Some seed

// In double quotes a shell would take these for its own.
let private quoted (name: string) =
    let escape text (character: string) = (text: string).Replace(character, @"\" + character)
    "\"" + List.fold escape name [ @"\"; "\""; "$"; "`" ] + "\""

/// The command that runs one property again with the same cases.
let repeatLine (seed: uint64) (maxTest: int) (fullName: string) =
    String.Format(
        CultureInfo.InvariantCulture,
        "run again: dotnet run --project properties -c Release -- --seed {0} --max-test {1} --filter {2}",
        seed,
        maxTest,
        quoted fullName
    )

let private repeatable (fullName: string) (run: FsCheckConfig -> Async<unit>) (config: FsCheckConfig) =
    async {
        let seed = chosen |> Option.defaultWith drawn.Force

        try
            do! run { config with replay = Some(seed, gamma, None) }
        with :? FailedException as failure ->
            let line = repeatLine seed config.maxTest fullName
            raise (FailedException(failure.Message + Environment.NewLine + line))
    }

/// A list of properties, and of tests beside them, whose failures say how to run them again.
let properties (name: string) (tests: Test list) : Test =
    let rec within path test =
        match test with
        | TestLabel(label, inner, state) -> TestLabel(label, within (path + "." + label) inner, state)
        | TestList(tests, state) -> TestList(List.map (within path) tests, state)
        | Test.Sequenced(how, inner) -> Test.Sequenced(how, within path inner)
        | TestCase(AsyncFsCheck(None, None, run), state) -> TestCase(AsyncFsCheck(None, None, repeatable path run), state)
        | TestCase _ -> test

    testList name (List.map (within name) tests)

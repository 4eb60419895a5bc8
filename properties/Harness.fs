// How properties run: the same ones as xunit facts and as a program with a chosen seed and number of cases.
// Called by every property file (Harness.check) and by Program.fs (Harness.configure, Harness.seed).
module Refold.Properties.Harness

open System.Globalization
open FsCheck
open FsCheck.FSharp

/// What a run is made with; every property of a run uses the same settings.
type Settings = { Seed: uint64; MaxTest: int }

// FsCheck wants an odd gamma; one fixed here makes the seed alone name a run.
let private gamma = 0x9E3779B97F4A7C15UL

let mutable private settings = { Seed = 20UL; MaxTest = 100 }

/// Chooses the seed and the number of cases for every later `check`. Called once, before any property runs.
let configure chosen = settings <- chosen

/// Runs one property; a counterexample throws and prints how to run it again.
let check (property: 'property) =
    try
        Config.QuickThrowOnFailure.WithMaxTest(settings.MaxTest).WithReplay(settings.Seed, gamma)
        |> fun config -> Check.One(config, property)
    with failure ->
        let again =
            System.String.Format(
                CultureInfo.InvariantCulture,
                "run again: dotnet run --project properties -c Release -- --seed {0} --max-test {1}",
                settings.Seed,
                settings.MaxTest
            )

        raise (System.InvalidOperationException(failure.Message + System.Environment.NewLine + again, failure))

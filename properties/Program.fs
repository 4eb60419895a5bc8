// All properties as a program: `dotnet run --project properties -c Release -- --seed S --max-test N`, and Expecto's options.
// Called by people for long runs; `dotnet test` runs the same properties with fewer cases.
module Refold.Properties.Program

open System
open System.Globalization
open System.Security.Cryptography
open Expecto

let private usage =
    "usage: dotnet run --project properties -c Release -- [--seed S] [--max-test N] [Expecto's options]; -- soak for the suites"

type private Options = { Seed: uint64; MaxTest: int; Expecto: string list }

let private (|Seed|_|) (text: string) =
    match UInt64.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture) with
    | true, seed -> Some seed
    | false, _ -> None

let private (|Count|_|) (text: string) =
    match Int32.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture) with
    | true, count when count > 0 -> Some count
    | _ -> None

let rec private parse options arguments =
    match arguments with
    | [] -> Some { options with Expecto = List.rev options.Expecto }
    | "--seed" :: Seed seed :: rest -> parse { options with Seed = seed } rest
    | "--max-test" :: Count count :: rest -> parse { options with MaxTest = count } rest
    | ("--seed" | "--max-test") :: _ -> None
    | other :: rest -> parse { options with Expecto = other :: options.Expecto } rest

let private run options =
    Console.WriteLine(String.Format(CultureInfo.InvariantCulture, "--seed {0} --max-test {1}", options.Seed, options.MaxTest))
    useSeed options.Seed
    let mutable ranNothing = false

    let settings =
        [
            FsCheck_Max_Tests options.MaxTest
            Append_Summary_Handler(SummaryHandler(fun summary -> ranNothing <- summary.results.IsEmpty))
        ]

    let code = runTestsInAssemblyWithCLIArgs settings (Array.ofList options.Expecto)

    if ranNothing then
        Console.Error.WriteLine "No property has such a name."
        1
    else
        code

[<EntryPoint>]
let main arguments =
    let defaults =
        {
            Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes 8, 0)
            MaxTest = 1000
            Expecto = []
        }

    match List.ofArray arguments with
    | "soak" :: rest -> Refold.Suites.Soak.RunAsync(rest).GetAwaiter().GetResult()
    | arguments ->
        match parse defaults arguments with
        | Some options -> run options
        | None ->
            Console.Error.WriteLine usage
            2

// All properties as a program: `dotnet run --project properties -c Release -- --seed S --max-test N`.
// Called by people for long runs; `dotnet test` runs the same facts by itself.
module Refold.Properties.Program

open System
open System.Globalization
open System.Reflection
open System.Security.Cryptography
open Xunit

let private usage =
    "usage: dotnet run --project properties -c Release -- [--seed S] [--max-test N] [--only TEXT]; -- soak for the suites"

type private Options = { Settings: Harness.Settings; Only: string }

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
    | [] -> Some options
    | "--seed" :: Seed seed :: rest -> parse { options with Settings.Seed = seed } rest
    | "--max-test" :: Count count :: rest -> parse { options with Settings.MaxTest = count } rest
    | "--only" :: text :: rest -> parse { options with Only = text } rest
    | _ -> None

/// Every xunit fact of this assembly that is a module function, by full name.
let private facts (only: string) =
    Assembly.GetExecutingAssembly().GetTypes()
    |> Array.collect _.GetMethods(BindingFlags.Public ||| BindingFlags.Static)
    |> Array.filter (fun fact -> not (isNull (fact.GetCustomAttribute<FactAttribute>())))
    |> Array.map (fun fact -> $"{(nonNull fact.DeclaringType).Name}: {fact.Name}", fact)
    |> Array.filter (fun (name, _) -> name.Contains(only, StringComparison.OrdinalIgnoreCase))
    |> Array.sortWith (fun (left, _) (right, _) -> String.CompareOrdinal(left, right))

let private holds (name: string, fact: MethodInfo) =
    Console.WriteLine name

    try
        fact.Invoke(null, BindingFlags.DoNotWrapExceptions, null, null, CultureInfo.InvariantCulture) |> ignore

        true
    with failure ->
        Console.WriteLine $"FAILED {name}{Environment.NewLine}{failure.Message}"
        false

let private run options =
    let settings = options.Settings

    Console.WriteLine(String.Format(CultureInfo.InvariantCulture, "--seed {0} --max-test {1}", settings.Seed, settings.MaxTest))

    Harness.configure settings
    let passed, failed = facts options.Only |> Array.partition holds
    Console.WriteLine $"{passed.Length} passed, {failed.Length} failed"
    if failed.Length = 0 && passed.Length > 0 then 0 else 1

[<EntryPoint>]
let main arguments =
    let defaults =
        {
            Settings =
                {
                    Seed = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes 8, 0)
                    MaxTest = 1000
                }
            Only = ""
        }

    match List.ofArray arguments with
    | "soak" :: rest -> Refold.Suites.Soak.RunAsync(rest).GetAwaiter().GetResult()
    | arguments ->
        match parse defaults arguments with
        | Some options -> run options
        | None ->
            Console.Error.WriteLine usage
            2

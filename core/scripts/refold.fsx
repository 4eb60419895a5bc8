// Finds the built assemblies of this repository for scripts; where there are none, the one error says what to build.
// Loaded by every script here: #load "refold.fsx".

// A folder that is not there is no reason for a warning: one of the two is enough.
#nowarn "211"
#I "../../facade/Refold.FSharp/bin/Debug/net10.0"
#I "../../facade/Refold.FSharp/bin/Release/net10.0"
#I "../../facade/Refold.Cli/bin/Debug/net10.0"
#I "../../facade/Refold.Cli/bin/Release/net10.0"

// Names are resolved before anything runs, so no code of ours could report a missing file: the message has to be in the name that is not
// found. Where the folder is there, "X/.." leads back to it, and this is just Refold.Core.dll.
#r "run 'dotnet build -c Release' first, then this script/../Refold.Core.dll"
#r "Refold.dll"

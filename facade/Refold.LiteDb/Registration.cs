// Makes the scheme litedb: known to Journal.Open.
// Run by the runtime when the assembly is loaded, which Journal.Open sees to.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Refold.Transfers;

namespace Refold.LiteDb;

internal static class Registration
{
    private const string Scheme = "litedb";

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The package is known as soon as it is there, without a call.")]
    internal static void Register()
    {
        Journal.Register(Scheme, (path, options) => LiteDbJournal.Open(Required(path), options));
        Snapshots.Register(Scheme, (path, options) => LiteDbSnapshotStore.Open(Required(path), options));
        StoreFiles.Register(Scheme, new LiteDbFiles());
    }

    private static string Required(string path) =>
        path.Length == 0 ? throw new ArgumentException("A journal in LiteDB needs a file; write litedb:FILE.", "uri") : path;
}

// Makes the scheme litedb: known to Journal.Open.
// Run by the runtime when the assembly is loaded, which Journal.Open sees to.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Refold.LiteDb;

internal static class Registration
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "The package is known as soon as it is there, without a call.")]
    internal static void Register() => Journal.Register("litedb", (path, options) => path.Length == 0
        ? throw new ArgumentException("A journal in LiteDB needs a file; write litedb:FILE.", nameof(path))
        : LiteDbJournal.Open(path, options));
}

// Names of runs that nobody named. The one place where Refold takes randomness from the operating system: a run's name decides
// nothing but ids, and RunOptions replaces it. Called by RunOptions.
namespace Refold;

internal static class FreshNames
{
#pragma warning disable RS0030 // A fresh name must differ from every other process's, which nothing seeded can promise.
    public static Guid NewGuid() => Guid.NewGuid();
#pragma warning restore RS0030
}

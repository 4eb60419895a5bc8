// Where in a program a flush is asked for, so that each such place can be taken out in turn.
// Used by SimulatedDevice, and by tests that check that no place was left out.
using System.Diagnostics;
using System.Globalization;
using Refold.Segments;

namespace Refold.Testing;

/// <summary>Names of call sites.</summary>
internal static class CallSites
{
    /// <summary>The first caller outside this package that does not only hand on.</summary>
    public static string OfCaller(StorageOperationKind kind)
    {
        foreach (var frame in new StackTrace(fNeedFileInfo: false).GetFrames())
        {
            if (frame.GetMethod() is { DeclaringType: { } type } method && type.Assembly != typeof(CallSites).Assembly && !HandsOn(type))
                return string.Create(CultureInfo.InvariantCulture, $"{type.FullName}.{method.Name}+{frame.GetILOffset():x} {kind}");
        }

        return kind.ToString();
    }

    /// <summary>Whether a type is a file or a device itself: it asks for what it was asked for.</summary>
    private static bool HandsOn(Type type) => type.IsAssignableTo(typeof(IStorageFile)) || type.IsAssignableTo(typeof(IStorageDevice));
}

// Which method calls which, read from the intermediate code of a compiled assembly.
// Used by FileAccessTests here, and by the tests of the crash simulator, which take each flush out in turn.
using System.Reflection;
using System.Reflection.Emit;

namespace Refold.Suites;

internal static class CodeCalls
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Every call, once for each place in the code; a compiler-made class counts as the class it lies in.</summary>
    public static IEnumerable<(MethodBase Caller, MethodBase Called)> Of(Assembly assembly) =>
        from type in assembly.GetTypes()
        from caller in type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared))
        from called in Of(caller)
        select (caller, called);

    // The bytes are not decoded instruction by instruction: an operand that looks like a call resolves to
    // nothing, or very rarely to one more.
    private static IEnumerable<MethodBase> Of(MethodBase caller)
    {
        var code = caller.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (var at = 0; at + 5 <= code.Length; at++)
        {
            if (
                (code[at] == OpCodes.Call.Value || code[at] == OpCodes.Callvirt.Value || code[at] == OpCodes.Newobj.Value)
                    && Resolve(caller, BitConverter.ToInt32(code, at + 1)) is { } called)
                yield return called;
        }
    }

    private static MethodBase? Resolve(MethodBase caller, int token)
    {
        // Method definitions, references to members, and generic instances of methods.
        if ((token >> 24) is not (0x06 or 0x0A or 0x2B)) return null;
        try
        {
            return caller.Module.ResolveMethod(
                token, caller.DeclaringType?.GetGenericArguments(), caller.IsGenericMethod ? caller.GetGenericArguments() : null);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

// Reads a JSON list of questions, answers with a JSON list of {value} or {error}. The answers come from the two
// packages that this project did not write.
import { readFileSync } from "node:fs";
import { getSignedCookies, getSignedUrl } from "@aws-sdk/cloudfront-signer";
import { AlbJwtVerifier } from "aws-jwt-verify";
import { AlbJwksCache } from "aws-jwt-verify/alb-cache";

const alb = async ({ token, keys, ...expected }) => {
  const fetcher = { fetch: async (uri) => new TextEncoder().encode(keyOf(keys, uri)) };
  const verifier = AlbJwtVerifier.create(expected, { jwksCache: new AlbJwksCache({ fetcher }) });
  return verifier.verify(token);
};

const keyOf = (keys, uri) => {
  const kid = uri.slice(uri.lastIndexOf("/") + 1);
  if (!(kid in keys)) throw new Error(`no public key at ${uri}`);
  return keys[kid];
};

const questions = { cookies: async (input) => getSignedCookies(input), url: async (input) => getSignedUrl(input), alb };

const answer = async ({ question, input }) => {
  try {
    return { value: await questions[question](input) };
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
};

const asked = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await Promise.all(asked.map(answer))));
